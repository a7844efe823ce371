import type { Claims } from '../../sdk/model.ts'

/**
 * What the environment tells of the agent: kept with each of its writes, never trusted. `ORION_AGENT`, `ORION_MODEL` and
 * `ORION_RUN` say it outright; else the variables that common agent programs and CI systems set are looked at.
 *
 * @param program - The MCP client's own name, taken where nothing else names the agent.
 */
export function claimsOf(env: NodeJS.ProcessEnv, program: string): Claims {
  const model = first(env, ['ORION_MODEL', 'ANTHROPIC_MODEL', 'OPENAI_MODEL', 'GEMINI_MODEL'])
  const run = first(env, runVariables)
  return {
    agent: first(env, ['ORION_AGENT', 'AI_AGENT', 'AGENT']) ?? program,
    ...(model === undefined ? {} : { model }),
    ...(run === undefined ? {} : { run }),
  }
}

const runVariables = [
  'ORION_RUN',
  'ORION_TRACE_ID',
  'CLAUDE_CODE_SESSION_ID',
  'CODEX_SESSION_ID',
  'GITHUB_RUN_ID',
  'CI_JOB_ID',
  'BUILD_TAG',
]

function first(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim()
    if (value !== undefined && value !== '') return value.slice(0, claimMaxLength)
  }
  return undefined
}

const claimMaxLength = 255
