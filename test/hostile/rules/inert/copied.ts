import { runInNewContext } from 'node:vm'
import { copyAsCurl } from '@postern/testing'
import type { RuleCase } from '../rule.ts'
import type { Shell, Terminal } from './bash.ts'
import { notAscii } from './live.ts'
import type { Got, Sink } from './sink.ts'
import type { Hostile, World } from './world.ts'

type Lines = Got['headers']

/** Copies each delivery from the inspector. bash and curl run the copied command, and the copied test is evaluated. */
export function copiedCases(world: World, sink: Sink, shell: Shell): readonly RuleCase[] {
  return world.hostile.flatMap((one): RuleCase[] => {
    const common = { sender: one.sender, inbox: world.name }
    const query = `delivery=${encodeURIComponent(one.arrival.id)}`
    return [
      {
        ...common,
        name: `bash and curl send the same bytes: ${one.kind}`,
        at: 'GET copy?as=curl',
        async run() {
          const { text } = await world.get(`copy?as=curl&${query}`)
          if (typeof text !== 'string') return 'nothing was copied'
          // Only a backslash may end a line.
          const live = notAscii(text.replaceAll(' \\\n  ', ' '), false)
          if (live !== undefined) return live
          await shell.run(`${text} -s -o /dev/null`)
          return sentAgain(one, sink) ?? shell.made()
        },
      },
      {
        ...common,
        name: `a test is ASCII, and has the same bytes: ${one.kind}`,
        at: 'GET copy?as=test',
        async run() {
          const { text, error } = await world.get(`copy?as=test&${query}`)
          // No test exists, because the body is not a delivery of the provider or only the provider has the key.
          if (error === 'no_test') return undefined
          if (typeof text !== 'string') return `nothing was copied: ${String(error)}`
          return notAscii(text) ?? sourceFault(text, one)
        },
      },
    ]
  })
}

/** Commands pasted with and without bracketed paste. */
export function pastedCases(
  { name, hostile }: World,
  sink: Sink,
  shell: Shell,
  terminals: Readonly<Record<string, Terminal>>,
): readonly RuleCase[] {
  return Object.entries(terminals).flatMap(([how, terminal]) =>
    hostile
      .filter(({ sender }) => sender === 'github')
      .map((one) => ({
        name: `${how}, it sends the same bytes and does nothing else: ${one.kind}`,
        at: 'a copied command, pasted into bash',
        sender: one.sender,
        inbox: name,
        async run() {
          const { method, kept } = one.arrival
          await terminal.paste(copyAsCurl({ ...kept!, method }, { lines: true }))
          return sentAgain(one, sink) ?? shell.made()
        },
      })),
  )
}

/** Compares the received request with the stored one. */
function sentAgain({ url, arrival }: Hostile, sink: Sink): string | undefined {
  const target = url.slice(sink.url.length)
  const got = sink.take(target.split('/').slice(1, 3).join('/'))
  if (!got) return 'nothing was sent'
  if (!sink.isEmpty()) return 'it sent more than one request'
  if (got.method !== 'POST') return `the method is ${got.method}`
  if (got.target !== target) return `the target is ${got.target}, must be ${target}`
  if (!got.body.equals(arrival.kept!.body))
    return `the body is ${JSON.stringify(got.body.toString('latin1'))}`
  return headersFault(got, arrival.kept!.headers)
}

const OF_CONNECTION = new Set(['host', 'content-length', 'connection'])

function headersFault(got: Got, kept: Lines): string | undefined {
  const lines = (all: Lines): string =>
    JSON.stringify(
      all.filter(([name]) => !OF_CONNECTION.has(name)).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)),
    )
  const [sent, had] = [lines(got.headers), lines(kept)]
  return sent === had ? undefined : `the headers are ${sent}, must be ${had}`
}

function sourceFault(text: string, { arrival }: Hostile): string | undefined {
  const [, source] = /^const exported = (\{[^]*?\n\})\n/m.exec(text) ?? []
  if (source === undefined) return 'it has no delivery'
  const exported = JSON.parse(runInNewContext(`JSON.stringify(${source})`) as string) as {
    readonly body: string
    readonly encoding?: 'base64'
  }
  const again = Buffer.from(exported.body, exported.encoding ?? 'utf8')
  return again.equals(arrival.kept!.body) ? undefined : 'evaluated, the body is another'
}
