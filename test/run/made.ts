import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { root } from './report.ts'

/** The sentence that a page of results begins with: which command made it, when, of which commit and on what. */
export function made(command: string): string {
  const day = new Date().toISOString().slice(0, 10)
  return `\`${command}\` made this page on ${day}, of commit ${commit()}, with Node.js ${process.version} on ${availableParallelism()} cores.`
}

/** The commit of this tree, with a + if files were changed since, pages of results and pictures left out. */
export function commit(): string {
  const git = (...args: readonly string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
  const written = ['.', ':(exclude)**/RESULTS.md', ':(exclude)test/bench/pictures']
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ...written)
  return `${git('rev-parse', '--short=8', 'HEAD') || 'unknown'}${changed && '+'}`
}
