import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Of names in a folder, those that git would take into a commit. All of them, if the folder is in no repository yet. */
export function takenByGit(folder: string, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      spawnSync('git', ['check-ignore', '-q', name.replace('*', '')], { cwd: folder }).status !== 0,
  )
}

/** A new `.gitignore`: for the secret, and for the file of events. Undefined if there is one, or git takes neither. */
export function ignoreFile(folder: string, names: readonly string[]): string | undefined {
  if (existsSync(join(folder, '.gitignore'))) return undefined
  const taken = takenByGit(folder, names)
  return taken.length === 0 ? undefined : [...taken, 'node_modules', ''].join('\n')
}
