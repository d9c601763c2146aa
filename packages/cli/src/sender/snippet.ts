import type { About } from '@postern/core/scheme'
import { hosts, type HostName } from '../hosts.ts'
import { factoryOf, receiverImports, receiverLines } from './written.ts'

/** A whole app for one sender on one host, in TypeScript, with an inbox that outlives the process. */
export function snippetOf(about: About, host: HostName): string {
  const { package: adapter, app, inbox = 'sqlite' } = hosts[host]
  const { imports, lines } = app(`/webhooks/${about.name}`)
  const { factory, from } = factoryOf(about)
  const isNext = host === 'next'
  const mounted = isNext ? 'persistent, reloadable, webhook' : 'webhook'
  return [
    ...receiverImports(inbox),
    ...(adapter === undefined ? [] : [`import { ${mounted} } from '${adapter}'`]),
    `import { ${factory} } from '${from}'`,
    ...imports,
    '',
    ...receiverLines(about, {
      inbox,
      isTyped: true,
      isNext,
      subscribe: [
        `receiver.on('${about.topics[0] ?? '**'}', async (event) => {`,
        '  console.log(event.topic, event.payload)',
        '})',
      ],
    }),
    '',
    ...lines,
  ].join('\n')
}
