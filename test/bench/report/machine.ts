import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { postgresServer, redisServer, type Program } from '../../services/programs.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly os: string
  readonly node: string
  readonly sqlite: string
  readonly redis: string
  readonly postgres: string
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    os: `${distribution()}, ${type()} ${release()}`,
    node: process.version,
    sqlite: process.versions.sqlite ?? 'none',
    redis: version(redisServer),
    postgres: version(postgresServer),
  }
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  } catch {
    return process.platform
  }
}

function version({ file }: Program): string {
  if (file === undefined) return 'none'
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown'
}
