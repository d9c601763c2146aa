import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import { root } from '../run/report.ts'

/** A copy of the repository in which sources may be changed. */
export interface Copy {
  readonly folder: string
  remove(): void
}

/** Copies what git knows, and installs its packages: Stryker changes the files, and packages find each other by links. */
export async function copyRepository(): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-mutation-'))
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
      maxBuffer: 64 * 2 ** 20,
    },
  )
  for (const file of listed.toString().split('\0'))
    if (file !== '') cpSync(join(root, file), join(folder, file))
  const install = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--loglevel=error']
  const { code, output } = await run('npx', install, { cwd: folder, env: { CI: 'true' } })
  if (code !== 0) throw new Error(`the packages of the copy could not be installed:\n${output}`)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
