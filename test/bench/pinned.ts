import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** True if processes can be pinned to one core (Linux with taskset and at least two cores). */
export const canPin: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Returns the command, pinned to one core if possible. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}
