import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPacked } from '../../pack/install-packed.ts'
import { packAll } from '../../pack/tarballs.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { inTurn, median } from '../../services/figures.ts'

/** A program that does nothing, to measure the start time of npx and Node.js. */
const EMPTY = 'empty --version'
const COMMANDS = ['postern --version', 'postern --help', 'postern providers stripe']

/** Measures the start time of the packed CLI, compared with a program that does nothing. */
export async function cliStart({ quick }: Effort): Promise<PartResult> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-cli-start-'))
  try {
    await install(folder)
    return await measured(folder, quick ? 3 : 21)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Installs the packed CLI and the empty program as a user would. */
async function install(folder: string): Promise<void> {
  const packages = await packAll(join(folder, 'tarballs'), false)
  const empty = join(folder, 'empty')
  await mkdir(empty)
  const manifest = { name: 'empty', version: '1.0.0', bin: './empty.js' }
  await writeFile(join(empty, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(empty, 'empty.js'), '#!/usr/bin/env node\n')
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  await installPacked(folder, ['postern', 'file:empty'], packages)
}

async function measured(folder: string, rounds: number): Promise<PartResult> {
  const commands = [EMPTY, ...COMMANDS]
  // The first round fills the disk caches.
  const times = await inTurn(commands, { rounds, warm: 1 }, (command) => timeOf(folder, command))
  const found = new Map(commands.map((command, at) => [command, times[at]!]))
  const alone = found.get(EMPTY)!
  const more = (command: string): number =>
    median(found.get(command)!.map((time, round) => time - alone[round]!))
  return {
    tables: [
      {
        title: 'Start-up: the command line',
        note: 'Milliseconds from the start of `npx` to the end of the command, packed and installed, in turn; and how much more that is than a program that does nothing, in the middle of all rounds.',
        head: ['npx', 'ms', 'more than an empty program ms'],
        rows: commands.map((command) => [
          `\`${command}\``,
          median(found.get(command)!).toFixed(0),
          command === EMPTY ? '' : more(command).toFixed(0),
        ]),
      },
    ],
    targets: COMMANDS.map((command) => ({
      what: `Start-up, npx ${command}, more than npx of an empty program`,
      got: more(command),
      bound: 500,
      lower: true,
      digits: 0,
      unit: 'ms',
    })),
  }
}

function timeOf(folder: string, command: string): number {
  const started = performance.now()
  const { status, stderr } = spawnSync('npx', ['--no-install', ...command.split(' ')], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const time = performance.now() - started
  if (status !== 0) throw new Error(`npx ${command} ended with ${status}: ${stderr}`)
  return time
}
