import { readFile, stat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Failure, remark } from './print/say.ts'

// The later ones count: Next.js and wrangler read them before `.env`.
const FILES = ['.env', '.env.local', '.dev.vars']

/** The variables of a `.env` file. Without a name, those of this folder that exist. */
export async function readEnv(
  file?: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  if (file === undefined)
    return Object.assign(
      {},
      ...(await Promise.all(FILES.map((name) => readFile(name, 'utf8').catch(() => '')))).map(
        (text) => parseEnv(text),
      ),
    ) as Readonly<Record<string, string | undefined>>
  try {
    return parseEnv(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Failure(2, `--env: ${file} cannot be read; give the path of a .env file`, {
      cause: error,
    })
  }
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
