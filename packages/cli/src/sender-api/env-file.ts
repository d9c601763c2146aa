import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { remarkShared } from '../env.ts'
import { Failure } from '../print/failure.ts'

/**
 * Sets variables in a `.env` file, and leaves the rest of it as it is. The file is replaced in one step, and a new one can
 * be read by its owner alone.
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
