/** Loaded into a daemon before its own code: a first SIGUSR2 begins a CPU profile, the next one writes it and tells by a file. */
const fs = require('node:fs')
const { Session } = require('node:inspector')

const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.setSamplingInterval', { interval: 250 })
const path = process.env.BENCH_PROFILE
let count = 0

process.on('SIGUSR2', () => {
  count += 1
  if (count % 2 === 1) {
    session.post('Profiler.start')
    return
  }
  session.post('Profiler.stop', (error, result) => {
    fs.writeFileSync(`${path}.part`, JSON.stringify(error === null ? result.profile : { error }))
    fs.renameSync(`${path}.part`, path)
  })
})
