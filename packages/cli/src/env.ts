import { readFile, stat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Failure, remark } from './print/say.ts'

// The later ones count: Next.js and wrangler read them before `.env`.
const FILES = ['.env', '.env.local', '.dev.vars']

/** The variables of a `.env` file that are filled in. Without a name, those of the files of this folder. */
export async function readEnv(
  file?: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const all = await Promise.all((file === undefined ? FILES : [file]).map(variablesIn))
  if (file !== undefined && all[0] === undefined)
    throw new Failure(2, `--env: ${file} cannot be read; give the path of a .env file`)
  const found = all.flatMap((one = {}) => Object.entries(one))
  // What `init` writes for a secret is none.
  return Object.fromEntries(found.filter(([, value]) => !/^<.*>$/.test(value ?? '')))
}

/** The file of this folder in which a variable counts, filled in or not; `.env` if none has it. */
export async function envFileOf(variable: string): Promise<string> {
  const all = await Promise.all(FILES.map(variablesIn))
  return FILES.findLast((_, at) => all[at]?.[variable] !== undefined) ?? '.env'
}

async function variablesIn(
  file: string,
): Promise<Readonly<Record<string, string | undefined>> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : parseEnv(text)
}

const GROUP_OR_OTHERS = 0o044
const told = new Set<string>()

/** Tells, once for each file that gets a secret, if other users of this machine can read it. It is somebody's own: its mode stays. */
export async function remarkShared(file: string): Promise<void> {
  // Windows has no such modes.
  if (process.platform === 'win32' || told.has(file)) return
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0
  if ((mode & GROUP_OR_OTHERS) === 0) return
  told.add(file)
  remark(`  ${file} can be read by other users of this machine: chmod 600 ${file}`)
}
