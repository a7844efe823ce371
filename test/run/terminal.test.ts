/** `orion run` on a terminal, which util-linux's `script` makes. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ended, makePlace, type Place, program, until } from '../cli/orion-process.ts'
import { asRecord, lastResult } from './recorded.ts'

const noTerminal = existsSync('/usr/bin/script') ? false : 'there is no command `script` here'

test('on a terminal the command has the terminal itself', { skip: noTerminal }, async (t) => {
  const place = makePlace(t)
  const told = await ended(
    onTerminal(place, 'test -t 0 && test -t 1 && test -t 2 && echo all; exit 3'),
  )
  assert.equal(told.code, 3)
  assert.match(told.stdout, /^all\r?\n/)
  const result = await lastResult(place)
  assert.equal(result.status, 'FAILURE')
  assert.equal(asRecord(result.metrics).stdoutBytes, undefined)
})

test('Ctrl-C reaches the command once', { skip: noTerminal }, async (t) => {
  const place = makePlace(t)
  const trap = 'n=0; trap "n=\\$((n+1)); echo got" INT; echo ready'
  const child = onTerminal(
    place,
    `${trap}; while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.3; echo times $n; exit 5`,
  )
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const code = new Promise((resolve) => child.once('exit', resolve))
  await until(() => text.includes('ready'))
  child.stdin?.write('\u0003')
  assert.equal(await code, 5)
  assert.match(text, /times 1\r?\n/)
  assert.equal((await lastResult(place)).status, 'BLOCKED')
})

/** A shell script under `orion run`, on a terminal whose keyboard is the child's stdin. */
function onTerminal(place: Place, script: string): ChildProcess {
  const words = [process.execPath, program, 'run', '--', 'sh', '-c', script]
  // Without `exec` the shell around it would get the keyboard's signals too, and end by them.
  const line = `exec ${words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`
  return spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...place.env, SHELL: '/bin/sh' },
    cwd: place.directory,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}
