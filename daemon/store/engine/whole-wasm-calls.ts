import { setFlagsFromString } from 'node:v8'

/** The first V8 that was seen to compile such calls rightly: that of Node 21. */
const soundSince = { major: 11, minor: 8 } as const

/**
 * Keeps V8 from compiling a call of a WebAssembly function into the JavaScript function that makes it, where it does
 * that wrongly: in Node 20.
 *
 * Its optimising compiler (11.3) then runs a pass that also throws away what it knew of the types of that JavaScript
 * function's own values. A `value.length` that is safe behind `typeof value === 'string'` may move before the question,
 * is read of a small integer as if that were an address, and the process ends with a segmentation fault. It takes a
 * hot function, texts and bytes at one place, and then a number there: what `Statement.run` is made for. Whatever calls
 * it can be struck too, since V8 compiles callees into their callers, so no way of writing our own code would be enough.
 *
 * It holds for the whole process and from then on; a program's other WebAssembly is safer by it as well. Reads and writes
 * were no slower (measured by turns).
 */
export function keepWasmCallsWhole(version = process.versions.v8): void {
  if (compilesWasmCallsWrongly(version)) setFlagsFromString('--no-turbo-inline-js-wasm-calls')
}

/** Whether a V8 of this version, such as `11.3.244.8-node.38`, is one of those. */
export function compilesWasmCallsWrongly(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number)
  return major < soundSince.major || (major === soundSince.major && minor < soundSince.minor)
}
