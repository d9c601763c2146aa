import type { About } from '@postern/core/scheme'
import { hosts, type HostName } from '../hosts.ts'
import {
  inboxCall,
  inboxImport,
  providerCall,
  receiverImports,
  receiverLines,
  senderImports,
  windowOf,
} from './written.ts'

/**
 * A whole app for one sender on one host, in TypeScript, with an inbox that outlives the process. With a gateway, the app verifies
 * that one in the sender's place.
 */
export function snippetOf(about: About, host: HostName, gateway?: About): string {
  const sender = { about, gateway }
  const { package: adapter, app, inbox = 'sqlite', environment } = hosts[host]
  const kept = inbox === 'own' ? undefined : inbox
  const topic = about.topics[0] ?? '**'
  const { imports, lines, makesReceiver } = app(`/webhooks/${about.name}`, {
    name: about.name,
    topic,
    provider: providerCall(sender, true, environment),
    inbox: kept === undefined ? '' : inboxCall(kept, sender, true),
    window: windowOf(gateway ?? about),
  })
  const imported = senderImports(sender)
  if (makesReceiver === true || kept === undefined)
    return [
      ...imports,
      ...(gateway ? ["import { behind } from '@postern/core'"] : []),
      ...imported,
      ...(kept === undefined ? [] : [inboxImport(kept)]),
      '',
      ...lines,
    ].join('\n')
  const isNext = host === 'next'
  const mounted = isNext ? 'hotReloadable, singleton, webhook' : 'webhook'
  return [
    ...receiverImports(kept, sender),
    ...(adapter === undefined ? [] : [`import { ${mounted} } from '${adapter}'`]),
    ...imported,
    ...imports,
    '',
    ...receiverLines(sender, {
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
