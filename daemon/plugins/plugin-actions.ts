/** The actions of plugins, as the daemon's own are: what they do is worked out in the plugin, and done here. */

import type { z } from 'zod'
import { OrionError } from '../../sdk/errors.ts'
import { text } from '../../sdk/field.ts'
import { messageOf } from '../../sdk/launch/launch-error.ts'
import type { Record, WriteResult } from '../../sdk/model.ts'
import type { Action, ActionContext, PreparedAction } from '../../sdk/plugin/action.ts'
import {
  CheckAction,
  FollowAction,
  PlanAction,
  type PluginManifest,
  type ReadForAction,
} from '../../sdk/protocol/plugin-messages.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import type { Limits } from '../limits.ts'
import type { SupervisedPlugin } from './supervised-plugin.ts'

/** The attempts at actions that plugins are working out, by call. */
export class PluginActions {
  readonly #limits: Limits
  readonly #underWay = new Map<string, ActionContext>()
  #calls = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The actions of a plugin. They are there whether it runs or not: who asks for one is told. */
  of(supervised: SupervisedPlugin): readonly Action[] {
    return supervised.plugin.manifest.actions.map((declared) => this.#action(supervised, declared))
  }

  /** Reads for an attempt under way, with the rights of whoever asked for the action. */
  async read({
    call,
    type,
    id,
    where,
    limit,
  }: z.output<typeof ReadForAction.params>): Promise<readonly Record[]> {
    const context = this.#underWay.get(call)
    if (context === undefined) {
      throw new OrionError('invalid_request', 'the action that this is read for has ended', {
        remedy: 'read before `apply` returns',
      })
    }
    if (id !== undefined) {
      const record = await context.get(typeNamed(type), id)
      return record === undefined ? [] : [record as Record]
    }
    const selection = {
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
    }
    return (await context.list(typeNamed(type), selection)) as readonly Record[]
  }

  #action(supervised: SupervisedPlugin, declared: PluginManifest['actions'][number]): Action {
    const { input, ...said } = declared
    const { name } = declared
    const timeMaxMs = this.#limits.actionMaxMs
    return {
      ...said,
      inputSchema: input,
      prepare: async (params) => {
        const calls = await supervised.running(timeMaxMs)
        const asked = { action: name, ...given(params) }
        const { issues } = await calls.ask(CheckAction, asked, { timeMaxMs })
        if (issues.length > 0) return { ok: false, issues }
        return { ok: true, action: this.#prepared(supervised, name, params) }
      },
    }
  }

  #prepared(supervised: SupervisedPlugin, action: string, params: unknown): PreparedAction {
    const timeMaxMs = this.#limits.actionMaxMs
    const plan = async (step: 'problems' | 'apply', context: ActionContext) => {
      const calls = await supervised.running(timeMaxMs)
      const call = `a${++this.#calls}`
      const { principal, at, signal } = context
      this.#underWay.set(call, context)
      try {
        const asked = { call, action, step, principal, at, ...given(params) }
        return await calls.ask(PlanAction, asked, { timeMaxMs, signal })
      } finally {
        this.#underWay.delete(call)
      }
    }
    return {
      problems: async (context) => (await plan('problems', context)).problems ?? [],
      apply: async (context) => (await plan('apply', context)).operations ?? [],
      afterwards: async ({ principal, results }) => {
        try {
          const calls = await supervised.running(timeMaxMs)
          const asked = { action, principal, results: plain(results), ...given(params) }
          return (await calls.ask(FollowAction, asked, { timeMaxMs })).failures
        } catch (error) {
          return [messageOf(error)]
        }
      },
    }
  }
}

function given(params: unknown): { params?: never } {
  return params === undefined ? {} : { params: params as never }
}

function plain(results: readonly WriteResult[]): WriteResult[] {
  return results.map((result) => ({ ...result }))
}

/** A context asks for nothing of a type but its name. */
function typeNamed(name: string) {
  return { ...anyType, name }
}

const anyType = defineRecordType('Any', { fields: { any: text() } })
