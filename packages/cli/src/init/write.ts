import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { InitPlan } from './files.ts'

/** What was written. */
export interface WrittenFiles {
  /** Folders that were not there before, by their path in the project. */
  readonly folders: readonly string[]
  readonly env: 'created' | 'added' | 'kept'
  /** The variables that were added to `.env`. */
  readonly variables: readonly string[]
}

/** Writes the files, and the line of `.env`. If one cannot be written, those before it are removed again. */
export function writePlan(folder: string, { files, env }: InitPlan): WrittenFiles {
  const folders: string[] = []
  const done: (() => void)[] = []
  try {
    for (const [file, content] of files) {
      const path = join(folder, file)
      const made = mkdirSync(dirname(path), { recursive: true })
      if (made !== undefined) {
        folders.push(relative(folder, made).replaceAll('\\', '/'))
        done.push(() => removeFolders(dirname(path), made))
      }
      // Fails if the file was created meanwhile.
      writeFileSync(path, content, { flag: 'wx' })
      done.push(() => rmSync(path))
    }
    return { folders, ...writeEnv(join(folder, '.env'), env) }
  } catch (error) {
    for (const undo of done.toReversed()) undo()
    throw error
  }
}

function writeEnv(path: string, lines: readonly string[]): Pick<WrittenFiles, 'env' | 'variables'> {
  const exists = existsSync(path)
  const before = exists ? readFileSync(path, 'utf8') : ''
  const added = lines.filter(
    (line) => !new RegExp(`^\\s*(?:export\\s+)?${variableOf(line)}\\s*=`, 'm').test(before),
  )
  if (added.length === 0) return { env: 'kept', variables: [] }
  // A secret will stand there: a new file is its owner's alone.
  const mode = 0o600
  const start = before === '' || before.endsWith('\n') ? '' : '\n'
  appendFileSync(path, `${start}${added.join('\n')}\n`, { mode })
  return { env: exists ? 'added' : 'created', variables: added.map(variableOf) }
}

/** The name in a line of `.env`. */
export function variableOf(line: string): string {
  return line.slice(0, line.indexOf('='))
}

/** Removes empty folders, from the deepest up to the first that was made. */
function removeFolders(deepest: string, first: string): void {
  for (let at = deepest; at.startsWith(first); at = dirname(at)) rmdirSync(at)
}
