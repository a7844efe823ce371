/** Makes what is installed in the editor: the extension as it is published, and the one that proves it. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { projectDirectory } from './cache-folder.ts'
import { runCommand } from './run-command.ts'

/** Packs the extension as a user gets it. */
export function packExtension(): { readonly file: string; readonly bytes: number } {
  runCommand('npm', ['run', '--silent', 'vscode:package'], { cwd: projectDirectory })
  const file = join(extension, 'dist', 'orion-vscode.vsix')
  return { file, bytes: statSync(file).size }
}

const extension = join(projectDirectory, 'plugins', 'vscode')

/** Builds and packs the extension that proves the other one; answers the path of the file. */
export async function packProof(folder: string): Promise<string> {
  const target = join(folder, 'editor-proof')
  mkdirSync(target, { recursive: true })
  await build({
    absWorkingDir: projectDirectory,
    entryPoints: ['extension', 'load-writer'].map((name) => `test/editors/vscode/${name}.ts`),
    outdir: target,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    define: { 'import.meta.url': 'programUrl' },
    banner: { js: "const programUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
  })
  writeFileSync(join(target, 'package.json'), JSON.stringify(manifest, undefined, 2))
  writeFileSync(join(target, 'README.md'), '# Proves another extension\n')
  const file = join(folder, 'editor-proof.vsix')
  pack(target, file)
  return file
}

function pack(cwd: string, file: string): void {
  const vsce = join(extension, 'node_modules', '@vscode', 'vsce', 'vsce')
  const quiet = ['--no-dependencies', '--allow-missing-repository', '--skip-license']
  runCommand(process.execPath, [vsce, 'package', ...quiet, '--out', file], { cwd })
}

const manifest = {
  name: 'editor-proof',
  publisher: 'proof',
  version: '1.0.0',
  engines: { vscode: '^1.90.0' },
  main: './extension.cjs',
  activationEvents: ['onStartupFinished'],
  extensionKind: ['workspace'],
  capabilities: { untrustedWorkspaces: { supported: true } },
}
