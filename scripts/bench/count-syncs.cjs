/** Loaded into a daemon before its own code: writes down when a sync of a file has ended, in nanoseconds, one a line. */
const fs = require('node:fs')

const file = fs.openSync(process.env.BENCH_SYNCS, 'a')
const tell = () => fs.writeSync(file, `${process.hrtime.bigint()}\n`)

for (const name of ['fsync', 'fdatasync']) {
  const [later, atOnce] = [fs[name], fs[`${name}Sync`]]
  fs[name] = (descriptor, callback) =>
    later(descriptor, (error) => {
      if (error === null) tell()
      callback(error)
    })
  fs[`${name}Sync`] = (descriptor) => {
    atOnce(descriptor)
    tell()
  }
}
