import type { About } from '@postern/core/scheme'
import { hosts, type HostName } from '../hosts.ts'
import {
  factoryOf,
  inboxCall,
  inboxImport,
  providerCall,
  receiverImports,
  receiverLines,
  windowOf,
} from './written.ts'

/** A whole app for one sender on one host, in TypeScript, with an inbox that outlives the process. */
export function snippetOf(about: About, host: HostName): string {
  const { package: adapter, app, inbox = 'sqlite', environment } = hosts[host]
  const kept = inbox === 'own' ? undefined : inbox
  const { factory, from } = factoryOf(about)
  const topic = about.topics[0] ?? '**'
  const { imports, lines, makesReceiver } = app(`/webhooks/${about.name}`, {
    name: about.name,
    topic,
    provider: providerCall(about, true, environment),
    inbox: kept === undefined ? '' : inboxCall(kept, about, true),
    window: windowOf(about),
  })
  const imported = `import { ${factory} } from '${from}'`
  if (makesReceiver === true || kept === undefined)
    return [
      ...imports,
      imported,
      ...(kept === undefined ? [] : [inboxImport(kept)]),
      '',
      ...lines,
    ].join('\n')
  const isNext = host === 'next'
  const mounted = isNext ? 'persistent, reloadable, webhook' : 'webhook'
  return [
    ...receiverImports(kept),
    ...(adapter === undefined ? [] : [`import { ${mounted} } from '${adapter}'`]),
    imported,
    ...imports,
    '',
    ...receiverLines(about, {
      inbox: kept,
      isTyped: true,
      isNext,
      subscribe: [
        `receiver.on('${topic}', async (event) => {`,
        '  console.log(event.topic, event.payload)',
        '})',
      ],
    }),
    '',
    ...lines,
  ].join('\n')
}
