/** What runs in the window itself, as text: the project's types know no browser. */

/** Remembers the longest task, from before anything else runs. */
export const watchLongTasks = `
globalThis.longestTaskMs = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    globalThis.longestTaskMs = Math.max(globalThis.longestTaskMs, duration)
  }
}).observe({ entryTypes: ['longtask'] })
`

/** Longest task since it was asked last, in milliseconds; 0 if none was longer than 50. */
export const takeLongestTask = `(() => {
  const longest = globalThis.longestTaskMs
  globalThis.longestTaskMs = 0
  return longest
})()`

/** What the elements that fit a selector show, and what they say to a screen reader. */
export function describeElements(selector: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => {
    const level = element.getAttribute('aria-level')
    const expanded = element.getAttribute('aria-expanded')
    return {
      text: element.innerText ?? element.textContent ?? '',
      label: element.getAttribute('aria-label') ?? '',
      title: element.getAttribute('title') ?? '',
      classes: String(element.className),
      ...(level === null ? {} : { level: Number(level) }),
      ...(expanded === null ? {} : { expanded: expanded === 'true' }),
    }
  })`
}
