/** What other programs do to a store, while the editor looks on. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { orionRecordTypes, Proposals } from '../../../plugins/orion/index.ts'
import { type Client, connect, DaemonStatus } from '../../../sdk/index.ts'

const run = promisify(execFile)

/** Another program's way to a store, under the owner's name or a lesser one. */
export async function otherProgram(folder: string, principal?: string): Promise<Client> {
  return await connect({
    client: {
      name: principal?.replace(':', '-') ?? 'orion-cli',
      kind: principal === undefined ? 'cli' : 'agent',
    },
    store: join(folder, '.orion'),
    cwd: folder,
    env: process.env,
    daemonCommand: { command: 'orion', args: ['serve'] },
    types: orionRecordTypes,
    ...(principal === undefined
      ? {}
      : { narrow: { principal, scopes: ['read', 'write', 'propose'] } }),
  })
}

/** Does something as another program, which then ends. */
export async function asAnother<T>(
  folder: string,
  work: (client: Client) => Promise<T>,
  principal?: string,
): Promise<T> {
  const client = await otherProgram(folder, principal)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/** Runs a command of the program `orion`; answers what it printed. */
export async function orion(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run('orion', [...args], { cwd: folder, env: process.env })).stdout
}

/** Runs a job that ends with a code; answers when its command ended, in milliseconds of the clock. */
export async function runJob(folder: string, job: string, code: number): Promise<number> {
  const file = join(folder, '.git', `ended-${job}`)
  const script = `require('fs').writeFileSync(${JSON.stringify(file)}, String(Date.now())); process.exit(${code})`
  const ended = run('orion', ['run', '--job', job, '--', 'node', '-e', script], {
    cwd: folder,
    env: process.env,
  })
  const said = await ended.catch((error: unknown) => error)
  if (existsSync(file)) return Number(readFileSync(file, 'utf8'))
  throw new Error(`expected ${job} to run`, { cause: said })
}

/** Starts a job that goes on until it is killed. */
export function startJob(folder: string, job: string): ChildProcess {
  return spawn('orion', ['run', '--job', job, '--', 'sleep', '3600'], {
    cwd: folder,
    env: process.env,
    stdio: 'ignore',
  })
}

/** The process of the daemon of a store. */
export async function daemonOf(folder: string): Promise<number> {
  return await asAnother(folder, async (client) => {
    const status: unknown = await client.request(DaemonStatus, {})
    return z.object({ pid: z.int() }).parse(status).pid
  })
}

/** Proposes operations as an agent; answers the id. */
export async function proposeAs(
  folder: string,
  principal: string,
  work: Parameters<Proposals['create']>[0],
): Promise<string> {
  return await asAnother(
    folder,
    async (client) => (await new Proposals(client).create({ ...work, submit: true })).id,
    principal,
  )
}
