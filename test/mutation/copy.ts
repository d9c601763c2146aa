import { execFileSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { run } from '../run/step.ts'
import { root } from '../run/report.ts'

/** Copy of the repository whose sources may be changed. */
export interface Copy {
  readonly folder: string
  remove(): void
}

/**
 * Copies the files that git knows, and installs their packages. Stryker changes the copied files, and the copied
 * packages link to each other.
 */
export async function copyRepository(): Promise<Copy> {
  const copy = copyFiles()
  const install = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--loglevel=error']
  const { code, output } = await run('npx', install, { cwd: copy.folder, env: { CI: 'true' } })
  if (code !== 0) throw new Error(`the packages of the copy could not be installed:\n${output}`)
  return copy
}

// Folder in which pnpm stores third-party packages. All node_modules link to it.
const STORE = 'node_modules/.pnpm'

/**
 * Copies the files that git knows, and the built declarations, so that `tsc -b` rebuilds only what a change affects.
 * Postern packages link to each other within the copy. Third-party packages link to this repository.
 */
export function linkRepository(): Copy {
  const copy = copyFiles()
  const installed = ['', 'packages/*/', 'examples/*/', 'test/', 'test/*/'].map(
    (folder) => `${folder}node_modules`,
  )
  for (const folder of globSync(installed, { cwd: root }))
    cpSync(join(root, folder), join(copy.folder, folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !/node_modules\/\.(?:pnpm|cache|vite)$/.test(file.replaceAll('\\', '/')),
    })
  symlinkSync(join(root, STORE), join(copy.folder, STORE), 'junction')
  for (const file of globSync('packages/*/dist/**/{*.d.ts,*.d.ts.map,.tsbuildinfo}', { cwd: root }))
    cpSync(join(root, file), join(copy.folder, file), { preserveTimestamps: true })
  for (const file of globSync('packages/*/dist/.tsbuildinfo', { cwd: copy.folder }))
    leadOut(copy.folder, file)
  return copy
}

/** The compiler resolves links. So paths of third-party packages in its build info must point to this repository. */
function leadOut(folder: string, file: string): void {
  const path = join(folder, file)
  const from = (to: string): string =>
    relative(dirname(path), join(to, STORE)).replaceAll('\\', '/')
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`${from(folder)}/`, `${from(root)}/`))
}

function copyFiles(): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'postern-mutation-'))
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
      maxBuffer: 64 * 2 ** 20,
    },
  )
  // The lists of providers are generated and not in git.
  const built = ['catalogue', 'index'].map((name) => `packages/providers/src/${name}.ts`)
  for (const file of [...listed.toString().split('\0'), ...built])
    if (file !== '') cpSync(join(root, file), join(folder, file), { preserveTimestamps: true })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
