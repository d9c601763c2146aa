import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { root } from './report.ts'

/** Returns the first sentence of a results page: the command, the day, the commit and the machine. */
export function made(command: string): string {
  const day = new Date().toISOString().slice(0, 10)
  return `\`${command}\` made this page on ${day}, of commit ${commit()}, with Node.js ${process.version} on ${availableParallelism()} cores.`
}

/** Returns the current commit, with a + if files have uncommitted changes. Results pages and pictures do not count. */
export function commit(): string {
  const git = (...args: readonly string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
  const written = ['.', ':(exclude)**/RESULTS.md', ':(exclude)test/bench/pictures']
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ...written)
  return `${git('rev-parse', '--short=8', 'HEAD') || 'unknown'}${changed && '+'}`
}
