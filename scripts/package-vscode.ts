/**
 * Packs the extension for VS Code: `plugins/vscode/dist/orion-vscode.vsix`, to be installed by
 * `code --install-extension`. What packing needs is installed in `plugins/vscode` by its own lock file, if it is not there.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const extension = join(root, 'plugins/vscode')
const vsce = join(extension, 'node_modules/@vscode/vsce/vsce')

if (!existsSync(vsce)) run('npm', ['ci', '--ignore-scripts'])
run(process.execPath, ['--import', 'tsx', join(root, 'scripts/bundle-vscode.ts')], root)
copyFileSync(join(root, 'LICENSE'), join(extension, 'LICENSE'))
const packed = ['--no-dependencies', '--allow-missing-repository', '--skip-license']
run(process.execPath, [vsce, 'package', ...packed, '--out', 'dist/orion-vscode.vsix'])

function run(command: string, args: readonly string[], cwd = extension): void {
  const { status, signal, error } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status === 0) return
  console.error(`${command} ${args.join(' ')}: ${error?.message ?? signal ?? `exit ${status}`}`)
  process.exit(1)
}
