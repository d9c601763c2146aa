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

/** A copy of the repository in which sources may be changed. */
export interface Copy {
  readonly folder: string
  remove(): void
}

/** Copies what git knows, and installs its packages: Stryker changes the files, and packages find each other by links. */
export async function copyRepository(): Promise<Copy> {
  const copy = copyFiles()
  const install = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--loglevel=error']
  const { code, output } = await run('npx', install, { cwd: copy.folder, env: { CI: 'true' } })
  if (code !== 0) throw new Error(`the packages of the copy could not be installed:\n${output}`)
  return copy
}

// Where pnpm keeps the packages of others: links of all folders lead there.
const STORE = 'node_modules/.pnpm'

/**
 * Copies what git knows, and the declarations that were built, of which `tsc -b` makes again what a change concerns. Packages
 * find each other in the copy, and those of others where this repository has them installed.
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

/** The compiler follows links: packages of others that it has looked at are to be those of this repository. */
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
  // The lists of providers are built, and not kept in git.
  const built = ['catalogue', 'index'].map((name) => `packages/providers/src/${name}.ts`)
  for (const file of [...listed.toString().split('\0'), ...built])
    if (file !== '') cpSync(join(root, file), join(folder, file), { preserveTimestamps: true })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
