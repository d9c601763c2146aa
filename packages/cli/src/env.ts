import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Failure, remark } from './print/say.ts'

// Later files have priority, because Next.js and wrangler prefer them to `.env`.
const FILES = ['.env', '.env.local', '.dev.vars']

/**
 * Returns the variables of a `.env` file, without placeholders. If no file name is given, reads all env files of the
 * current folder.
 */
export async function readEnv(
  file?: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const all = await Promise.all((file === undefined ? FILES : [file]).map(variablesIn))
  if (file !== undefined && all[0] === undefined)
    throw new Failure(2, `--env: ${file} cannot be read; give the path of a .env file`)
  const found = all.flatMap((one = {}) => Object.entries(one))
  // Leaves out placeholders such as `<secret>`, which `init` writes.
  return Object.fromEntries(found.filter(([, value]) => !/^<.*>$/.test(value ?? '')))
}

/**
 * Returns the env file in the current folder that sets a variable. If several files set the variable, returns the file
 * with priority. A placeholder counts as a value. Returns `.env` if no file sets the variable.
 */
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

/**
 * Warns once per file if other users of this machine can read the file, which contains a secret. The file's mode is not
 * changed.
 */
export async function remarkShared(file: string): Promise<void> {
  // Windows has no such file modes.
  if (process.platform === 'win32' || told.has(file)) return
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0
  if ((mode & GROUP_OR_OTHERS) === 0) return
  told.add(file)
  remark(`  ${file} can be read by other users of this machine: chmod 600 ${file}`)
}

/**
 * Sets variables in a `.env` file and leaves the rest of the file as it is. The file is replaced in one step. Only its
 * owner can read a new file.
 */
export async function writeEnv(
  file: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const known = await stat(file).catch(() => undefined)
  let text = known ? await readFile(file, 'utf8') : ''
  const before = parseEnv(text)
  for (const [name, value] of Object.entries(values)) {
    if (before[name]?.includes('\n'))
      throw new Failure(2, `${file}: ${name} has several lines; change it by hand`)
    const line = `${name}=${quoted(file, name, value)}`
    const old = new RegExp(String.raw`^[ \t]*(?:export[ \t]+)?${name}[ \t]*=.*$`, 'm')
    if (old.test(text)) text = text.replace(old, () => line)
    else text += `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
  }
  const next = `${file}.postern-${process.pid}`
  await writeFile(next, text, { mode: known?.mode ?? 0o600 })
  await rename(next, file)
  await remarkShared(file)
}

function quoted(file: string, name: string, value: string): string {
  if (/^[\w./+=:@-]+$/.test(value)) return value
  if (/['\n\r]/.test(value))
    throw new Failure(2, `${file}: ${name} has a character that a .env file cannot hold`)
  return `'${value}'`
}
