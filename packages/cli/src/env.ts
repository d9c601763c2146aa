import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Failure } from './outcome.ts'

/** The variables of a `.env` file. Without a name, the one of this folder, if it exists. */
export async function readEnv(
  file?: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return parseEnv(await readFile(file ?? '.env', 'utf8'))
  } catch (error) {
    if (file === undefined) return {}
    throw new Failure(2, `--env: ${file} cannot be read; give the path of a .env file`, {
      cause: error,
    })
  }
}
