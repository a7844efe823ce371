/** Korean particles, which change with the last sound of the word before them. */

const pairs: {
  readonly [particle: string]: readonly [afterConsonant: string, afterVowel: string]
} = {
  이: ['이', '가'],
  을: ['을', '를'],
  은: ['은', '는'],
  과: ['과', '와'],
  으로: ['으로', '로'],
}

/** A sentence with a name in the place of `$`, and the particle behind it that fits. */
export function withParticles(sentence: string, name: string): string {
  return sentence.replace(/\$(으로|이|을|은|과)?/, (_, particle: string | undefined) => {
    if (particle === undefined) return name
    const [afterConsonant = '', afterVowel = ''] = pairs[particle] ?? []
    return name + (endsInConsonant(name, particle) ? afterConsonant : afterVowel)
  })
}

function endsInConsonant(name: string, particle: string): boolean {
  const last = name.codePointAt(name.length - 1) ?? 0
  // Latin letters are read aloud: most of their names end in a vowel.
  if (last < 0xac00 || last > 0xd7a3) return /[lmnr]$/i.test(name)
  const final = (last - 0xac00) % 28
  return final !== 0 && !(particle === '으로' && final === 8)
}
