import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import { table } from '../../run/page.ts'
import { tableText, wrap } from './markdown.ts'
import { PEERS } from './peers.ts'
import { pictureText } from './picture.ts'
import type { StoredPart } from './stored.ts'
import { targetsText } from './targets.ts'
import { peerVersions } from './versions.ts'

/**
 * Writes `RESULTS.md` and `pictures/` into the folder. Returns the file's path. `peers` adds the description of the
 * peers.
 */
export function writePage(parts: readonly StoredPart[], folder: string, peers: boolean): string {
  const pictures = parts.flatMap(({ result }) => result.pictures ?? [])
  mkdirSync(join(folder, pictures.length > 0 ? 'pictures' : ''), { recursive: true })
  for (const picture of pictures)
    writeFileSync(join(folder, 'pictures', picture.file), pictureText(picture))
  const file = join(folder, 'RESULTS.md')
  writeFileSync(file, [...pageLines(parts), ...(peers ? peerLines() : [])].join('\n'))
  return file
}

function pageLines(parts: readonly StoredPart[]): readonly string[] {
  const rough = parts.filter(({ quick }) => quick).map(({ name }) => name)
  const busy = parts
    .filter(({ load: [before = 0] = [] }) => before > 2 * availableParallelism())
    .map(({ name }) => name)
  const commands = each(parts.map(({ command }) => `\`${command}\``))
  const commits = each(parts.map(({ commit }) => commit))
  return [
    '# What receiving a webhook costs',
    '',
    '<!-- Written by `npm run bench`; changes are overwritten. -->',
    '',
    ...wrap(
      `${commands} made this page on ${days(parts)}, of commit ${commits}. Subjects of one table are measured in turn, round after round, and ratios are made inside a round, so that what else the machine does falls on all of them. Costs are CPU time of the process, all threads, unless a table says otherwise. Differences under about 15 % mean nothing.${rough.length > 0 ? ` **Rough, from short runs: ${rough.join(', ')}.**` : ''}${busy.length > 0 ? ` **Rough, since others used the machine too: ${busy.join(', ')}.**` : ''}`,
    ),
    '',
    targetsText(parts.flatMap(({ result }) => result.targets)),
    ...missing(parts),
    '## Machine',
    '',
    ...machines(parts),
    '',
    table(
      ['part', 'measured', 'took', 'load before', 'after'],
      parts.map(({ name, date, seconds, load = [] }) => [
        name,
        `${date.slice(0, 16).replace('T', ' ')} UTC`,
        `${seconds} s`,
        load[0]?.toFixed(1) ?? '',
        load[1]?.toFixed(1) ?? '',
      ]),
      2,
    ),
    '',
    ...wrap(
      'The load is that of the last minute: above the number of cores, others wanted the machine too.',
    ),
    '',
    '## Figures',
    '',
    ...parts.flatMap(({ result }) => [
      ...(result.pictures ?? []).flatMap(({ file, title }) => [
        `![${title}](pictures/${file})`,
        '',
      ]),
      ...result.tables.map(tableText),
    ]),
    '## What it does not show',
    '',
    ...wrap(
      'Real traffic and a real network: the load comes from the same machine, over loopback and without TLS. Other machines: ratios move by about a tenth from one to another.',
    ),
    '',
  ]
}

function peerLines(): readonly string[] {
  return [
    '## What is compared',
    '',
    ...wrap(
      'Each is used as its own documentation has it. What Postern does in every row that has its name: limits of size, time and depth, verification, parsing, dedupe by id, one stored task for each subscription, retries, dead letters, and the reply after the event is stored.',
    ),
    '',
    table(['subject', 'used as', 'does less than Postern'], PEERS),
    '',
    '## Versions',
    '',
    ...wrap(
      peerVersions()
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') + '.',
    ),
    '',
  ]
}

function missing(parts: readonly StoredPart[]): readonly string[] {
  const none = (program: 'redis' | 'postgres'): boolean =>
    parts.some(({ machine }) => machine[program] === 'none')
  const lines = [
    ...(none('redis') ? ['BullMQ: no Redis on this machine'] : []),
    ...(none('postgres') ? ['PostgreSQL: no PostgreSQL on this machine'] : []),
    ...parts.flatMap(({ result }) => result.leftOut ?? []),
  ]
  if (lines.length === 0) return []
  return ['## Left out', '', ...lines.map((line) => wrap(`- ${line}`).join('\n  ')), '']
}

function days(parts: readonly StoredPart[]): string {
  const all = [...new Set(parts.map(({ date }) => date.slice(0, 10)))].toSorted()
  return all.length > 1 ? `${all[0]} to ${all.at(-1)}` : (all[0] ?? 'no day')
}

function each(values: readonly string[]): string {
  return [...new Set(values)].join(', ')
}

/** Returns one machine description, or one per machine if the parts were measured on several. */
function machines(parts: readonly StoredPart[]): readonly string[] {
  const found = new Map<string, string[]>()
  for (const { name, machine } of parts) {
    const text = machineText(machine)
    found.set(text, [...(found.get(text) ?? []), name])
  }
  return [...found].flatMap(([text, names]) =>
    wrap(found.size > 1 ? `- ${names.join(', ')}: ${text}` : text),
  )
}

function machineText(machine: Machine): string {
  const { cpu, cores, memory, os, node, sqlite, redis, postgres } = machine
  return `${cpu}, ${cores} cores, ${memory}, ${os}. Node ${node}, SQLite ${sqlite}, Redis ${redis}, PostgreSQL ${postgres}. Redis writes through (appendfsync always), PostgreSQL syncs, SQLite has synchronous=FULL.`
}
