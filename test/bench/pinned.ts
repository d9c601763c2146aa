import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** True if processes are held to one core each (Linux with taskset and two cores or more). */
export const canPin: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** The command, held to one core if that can be done. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}
