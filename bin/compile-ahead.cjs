/**
 * Has V8 compile the engine's WebAssembly in threads of its own while the program is still being loaded. By itself it would
 * compile each function where it is first called, in the thread that everybody waits for.
 *
 * Nothing is handed on: V8 finds the compiled code by the bytes of the module when the engine is made of them.
 */
const fs = require('node:fs')
const path = require('node:path')
const v8 = require('node:v8')

/** Does nothing where there is no such file: whoever loads the engine says so. */
function compileAhead() {
  let bytes
  try {
    bytes = fs.readFileSync(path.join(path.dirname(require.resolve('sql.js')), 'sql-wasm.wasm'))
  } catch {
    return
  }
  v8.setFlagsFromString('--no-wasm-lazy-compilation')
  WebAssembly.compile(bytes).catch(() => {})
}

module.exports = { compileAhead }
