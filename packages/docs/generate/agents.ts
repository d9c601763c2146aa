import type { CatalogueEntry } from '../../providers/src/index.ts'
import type { Page } from './page.ts'
import { slugOf } from './provider.ts'

/** What agents read: a list of all pages with a line each, and a skill. */
export function agentFiles(
  pages: readonly Page[],
  abouts: readonly CatalogueEntry[],
): readonly (readonly [path: string, text: string])[] {
  const list = pages.map(
    ({ slug, title, description }) =>
      `- [${title}](/${slug === '' ? 'index' : slug}.md): ${description}`,
  )
  return [
    [
      'llms.txt',
      `# Postern\n\n> Receives webhooks in your own Node.js app: verifies and stores them, replies, and then runs handlers.\n\nEach page is Markdown at the address below.\n\n${list.join('\n')}`,
    ],
    ['skills/postern/SKILL.md', skill(abouts)],
  ]
}

function skill(abouts: readonly CatalogueEntry[]): string {
  return `---
name: postern
description: Receive webhooks in a Node.js app with Postern. Use when an app must receive webhooks of Stripe, GitHub, Shopify, Slack or any of ${abouts.length} providers, or when a webhook signature does not match.
---

# Receive webhooks with Postern

1. Read the page of the provider: \`/providers/NAME.md\` (names below). It has the whole app for each framework, the variable of the secret, and a test in one call.
2. \`npm install @postern/core @postern/providers @postern/sqlite\` and the package of the framework: \`@postern/express\`, \`@postern/koa\`, \`@postern/fastify\`, \`@postern/hono\`, \`@postern/next\`, \`@postern/nestjs\`, \`@postern/node\`, \`@postern/aws-lambda\`, \`@postern/cloudflare\` (which has the inbox too); other runtimes call \`receiver.fetch(request)\`.
3. Mount \`webhook(receiver)\` before any body parser: the signature covers the exact bytes.
4. Subscribe with \`receiver.on(topic, { name }, handler)\`. A handler that throws is retried; one that succeeded does not run again. Pass \`task.idempotencyKey\` to other APIs.
5. Use a durable inbox: \`sqliteInbox\` for one machine, \`postgresInbox\` or \`bullmqInbox\` for several. \`memoryInbox\` loses events when the process ends.
6. Test with \`signed(provider, topic)\` and \`deliver\` of \`@postern/testing\`.
7. If a delivery is rejected, \`npx postern explain request.json --provider NAME --env .env\` proves what was changed on the way.

Do not compare signatures by hand, reply before the inbox has stored, or parse the body first.

## Providers

${abouts.map((about) => `\`${slugOf(about)}\``).join(' ')}
`
}
