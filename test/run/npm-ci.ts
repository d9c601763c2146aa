import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './step.ts'

/**
 * Installs the packages of a folder's package-lock.json, unless they are installed. Such folders have programs that
 * only few checks need.
 */
export async function npmCi(folder: string): Promise<void> {
  const stamp = join(folder, 'node_modules', '.installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
  if (code !== 0) throw new Error(`npm ci failed in ${folder}:\n${output}`)
  writeFileSync(stamp, wanted)
}
