/** What the documents for agents tell to type is typed here. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isJsonObject } from '../../sdk/json.ts'
import { runLine } from './command-line.ts'
import { makePlace } from './orion-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skill = readFileSync(`${root}skills/orion/SKILL.md`, 'utf8')
const agents = readFileSync(`${root}docs/agents.md`, 'utf8')

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  )
}

test('the skill has a head that programs find it by, and comes with the package', () => {
  const [, head = ''] = /^---\n(.*?)\n---\n/s.exec(skill) ?? []
  assert.match(head, /^name: orion$/m)
  const [, description = ''] = /^description: (.+)$/m.exec(head) ?? []
  assert.ok(description.length > 50 && description.length <= 1024, 'not over what programs take')
  const { files } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  assert.ok(files.includes('skills'))
})

test('each command line of the skill runs, in its order, and ends as the skill says', async (t) => {
  const place = makePlace(t)
  const lines = blocks(skill, 'sh').flatMap((block) => block.trim().split('\n'))
  assert.ok(lines.length > 20)
  let proposal = 'none'
  let wait = ''
  for (const line of lines) {
    const [, command = '', expected = '0'] = /^(.*?)(?:\s+# exits with (\d))?$/.exec(line) ?? []
    assert.match(command, /^orion /)
    // What `run` runs is given the terminal, so it has a process of its own.
    const told = command.startsWith('orion run ')
      ? await place.orion(command.split(' ').slice(1))
      : await runLine(place, command.replace('PROPOSAL', proposal))
    assert.equal(told.code, Number(expected), `${line}\n${told.stdout}${told.stderr}`)
    if (command.startsWith("orion wait 'Proposal")) wait = command.replace('PROPOSAL', proposal)
    if (command.startsWith('orion proposal create')) proposal = JSON.parse(told.stdout).id
  }
  const typed = async (line: string) => (await runLine(place, line)).stdout.trim()
  const { token: before } = JSON.parse(await typed('orion status --json'))
  const token = await typed('orion token create --name rita --scope read,approve')
  const { digest } = JSON.parse(await typed(`orion proposal diff ${proposal} --json`))
  await typed(`orion proposal approve ${proposal} --digest ${digest} --token ${token}`)
  const heard = await runLine(place, `${wait.replace('1ms', '20s')} --after ${before}`)
  assert.equal(heard.code, 0, `${wait} hears of it\n${heard.stderr}`)
  for (const [, code = ''] of skill.matchAll(/^\| (\d) \| /gm)) {
    assert.ok(Number(code) <= 7)
  }
})

/** The commands of the hooks in a settings file, each with its moment. */
function hooksIn(settings: unknown, moment?: string): (readonly [string, string])[] {
  if (Array.isArray(settings)) return settings.flatMap((part) => hooksIn(part, moment))
  if (!isJsonObject(settings)) return []
  const { command } = settings
  if (moment !== undefined && typeof command === 'string') return [[moment, command]]
  return Object.entries(settings).flatMap(([name, part]) =>
    hooksIn(part, moment ?? (name === 'hooks' ? undefined : name)),
  )
}

test('the hooks of the documents are silent when nothing is new, tell what is, and once', async (t) => {
  const place = makePlace(t)
  const hooks = blocks(agents, 'json').flatMap((block) => hooksIn(JSON.parse(block)))
  assert.deepEqual(
    hooks.map(([moment]) => moment),
    [
      ...['SessionStart', 'UserPromptSubmit', 'Stop'],
      ...['SessionStart', 'BeforeAgent', 'AfterAgent'],
      ...['sessionStart', 'stop'],
    ],
  )
  const call = async (moment: string, command: string): Promise<string> => {
    const input = JSON.stringify({ hook_event_name: moment, session_id: 's', cwd: '/' })
    const { code, stdout, stderr } = await runLine(place, command, input)
    assert.deepEqual([code, stderr], [0, ''], command)
    return stdout
  }
  for (const [moment, command] of hooks) assert.equal(await call(moment, command), '')
  const told = new Set<string>()
  for (const [moment, command] of hooks) {
    const operation = '{"op":"create","type":"OrionInsight","data":{"summary":"s","domain":"d"}}'
    const line = `orion proposal create '[${operation}]' --json`
    const { id } = JSON.parse((await runLine(place, line)).stdout)
    assert.match(await call(moment, command), new RegExp(`Proposal\\.created/${id} v1 by owner`))
    assert.equal(await call(moment, command), '', 'only once')
    told.add(command)
  }
  assert.equal(told.size, 6)
})
