import type { About } from '@postern/core/scheme'
import { hosts, type HostName } from '../hosts.ts'
import { wholeExample, workerSettings } from './example.ts'

/**
 * Returns a whole app for one provider on one host, in TypeScript, in one file, with a persistent inbox. With a
 * gateway, the app verifies the gateway's signature instead of the provider's.
 */
export function snippetOf(about: About, host: HostName, gateway?: About): string {
  const { inbox = 'sqlite', main = 'server.ts' } = hosts[host]
  const app = wholeExample(`${host}/${main}`, {
    about,
    gateway,
    inbox: inbox === 'own' ? undefined : inbox,
    path: `/webhooks/${about.name}`,
    topic: about.topics[0] ?? '**',
  })
  if (host === 'next') return `// The file app/webhooks/${about.name}/route.ts\n${app}`
  return inbox === 'own' ? `${app}\n\n// wrangler.jsonc:\n${commented(workerSettings())}` : app
}

function commented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '// ')
}
