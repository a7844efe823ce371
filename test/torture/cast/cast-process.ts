/**
 * One of the programs that use a store under torture, in a process of its own: `cast-process ROLE NAME DISCOVERY JOURNAL
 * SEED REST_MS`. It writes and listens until it is told to rest; then it settles what is open, and when it is told the last
 * position it ends as soon as it has heard of everything up to it.
 */
import { seeded } from '../../support/seeded.ts'
import { JournalWriter } from '../journal.ts'
import { type Attempt, jobAttempt, type Known, preparations } from './attempts.ts'
import { type Listener, PlainListener, SdkListener, stall } from './listeners.ts'
import { order, type Report, roles } from './orders.ts'
import { connectAgent, SdkSpeaker } from './sdk-speaker.ts'
import { Address, OneShotSpeaker, PlainSpeaker, type Speaker } from './speaker.ts'
import { Writer } from './writer.ts'

const [role = '', name = '', discovery = '', journalPath = '', seed = '0', restMs = '8'] =
  process.argv.slice(2)
const journal = new JournalWriter(journalPath)
const address = new Address(discovery)
const known: Known = new Map()
let resting = false
let ending: number | undefined
/** What the daemon refuses while it is killed and tortured is settled even when all others rest. */
const never = (): boolean => false
const writing: Promise<void>[] = []
const listeners: Listener[] = []

process.on('disconnect', () => process.exit(1))
process.on('message', (message) => {
  const told = order.parse(message)
  if (told.order === 'rest') resting = true
  else ending = told.seq
})

function write(speaker: Speaker, number: number, next?: (key: string) => Attempt): void {
  const writer = new Writer({
    ...{ name: `${name}-${number}`, speaker, journal, known },
    random: seeded(Number(seed) * 100 + number),
    isOver: () => resting,
    restMs: Number(restMs),
    ...(next === undefined ? {} : { next }),
  })
  writing.push(writer.run())
}

async function prepare(speaker: Speaker): Promise<void> {
  const random = seeded(Number(seed))
  const writer = new Writer({
    ...{ name: `${name}-0`, speaker, journal, known, random, isOver: never, restMs: 0 },
  })
  for (const attempt of preparations(name)) await writer.settle(attempt)
}

function listen(which: string, pattern: string, pauseMs = 0): void {
  const listener: PlainListener = new PlainListener({
    ...{ name: `${name}-${which}`, address, journal, pattern, pauseMs },
    isOver: () => ending !== undefined && listener.seq >= ending,
  })
  listeners.push(listener)
  void listener.run()
}

async function play(): Promise<void> {
  switch (role) {
    case 'editor': {
      listen('all', '*')
      listen('insights', 'OrionInsight.*')
      for (let connection = 1; connection <= 2; connection++) {
        const speaker = new PlainSpeaker(address, name, never)
        if (connection === 1) await prepare(speaker)
        for (let writer = 1; writer <= 3; writer++) write(speaker, connection * 10 + writer)
      }
      break
    }
    case 'agent': {
      const client = await connectAgent(address, name)
      const listener = new SdkListener(`${name}-all`, journal)
      await listener.open(client)
      listeners.push(listener)
      const speaker = new SdkSpeaker(client)
      for (let writer = 1; writer <= 4; writer++) write(speaker, writer)
      break
    }
    case 'ci': {
      listen('slow', '*', 25)
      void stall(address, () => resting)
      for (let writer = 1; writer <= 2; writer++) {
        write(new OneShotSpeaker(address, name, never), writer, jobAttempt)
      }
      break
    }
    default:
      throw new Error(`expected a role (${roles.join(', ')}), got ${role}`)
  }
}

function say(what: Report): void {
  process.send?.(what)
}

try {
  await play()
  say({ report: 'works' })
  await Promise.all(writing)
  say({ report: 'rests' })
  while (ending === undefined || listeners.some(({ seq }) => seq < (ending ?? 0))) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  journal.close()
  process.exit(0)
} catch (error) {
  journal.note({ line: 'problem', what: `${role} ${name} failed: ${error}` })
  process.exit(1)
}
