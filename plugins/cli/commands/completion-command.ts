/** The command that makes shells complete the others. */
import { buildChoiceParser } from '@stricli/core'
import { command, globalFlags } from '../command.ts'
import { type Shell, shells } from '../completion/shell-scripts.ts'
import type { GlobalFlags } from '../context.ts'

/** `orion completion` */
export const completionCommand = command<GlobalFlags, [Shell]>({
  brief: 'Print what makes a shell complete these commands',
  about:
    'Prints a script for bash, zsh or fish. With it the shell completes commands, flags, record types, fields in filters, orders and data, and the ids of records. It asks the daemon if one runs, and never starts one.',
  examples: [
    ['completion bash', 'in ~/.bashrc: source <(orion completion bash)'],
    ['completion zsh', 'in ~/.zshrc, after compinit: source <(orion completion zsh)'],
    ['completion fish', 'in config.fish: orion completion fish | source'],
  ],
  parameters: {
    flags: globalFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: buildChoiceParser(shells),
          placeholder: 'bash|zsh|fish',
          brief: 'The shell',
          proposeCompletions: async () => shells,
        },
      ],
    },
  },
  load: async () => (await import('../actions/completion.ts')).printCompletion,
})
