import ranking from '../src/ranking.json' with { type: 'json' }
import type { Page } from '../../inspector/node_modules/playwright-core/index.js'

/** What people ask every day, and the pages that answer it: one of them must be among the first three. */
export const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  retry: ['how-to/retries'],
  'dead letter': ['how-to/retries'],
  replay: ['how-to/retries', 'how-to/operations', 'how-to/watch'],
  'replay failed tasks': ['how-to/retries'],
  'multi tenant': ['how-to/tenants'],
  tenants: ['how-to/tenants'],
  'rate limit': ['how-to/tenants'],
  'behind a proxy': ['how-to/proxy'],
  nginx: ['how-to/proxy'],
  publicBase: ['how-to/proxy'],
  'body parser': ['how-to/hosts', 'errors/body_consumed', 'errors/body_altered', 'how-to/proxy'],
  'raw body': ['how-to/hosts', 'errors/body_consumed', 'migrating/express-raw', 'how-to/testing'],
  'verify signature': ['how-to/verify', 'explain', 'errors/signature_mismatch'],
  order: ['how-to/keep-order'],
  fifo: ['how-to/keep-order'],
  debounce: ['how-to/bursts'],
  'thin events': ['how-to/fetch-current', 'migrating/stripe-thin'],
  types: ['how-to/types'],
  typescript: ['how-to/types', 'how-to/runtimes'],
  'worker process': ['how-to/worker'],
  test: ['how-to/testing', 'packages/testing'],
  'rotate secret': ['how-to/secrets'],
  secret: ['how-to/secrets'],
  'slack command reply': ['how-to/reply', 'migrating/bolt', 'providers/slack'],
  shutdown: ['how-to/shutdown'],
  'graceful shutdown': ['how-to/shutdown'],
  kubernetes: ['how-to/shutdown'],
  localhost: ['how-to/laptop'],
  ngrok: ['how-to/laptop', 'how-to/gateways'],
  'stripe next.js': ['tutorials/stripe-nextjs'],
  stripe: ['providers/stripe'],
  github: ['providers/github'],
  'signature mismatch': ['explain', 'errors/signature_mismatch'],
  duplicate: ['reference/glossary', 'how-to/handlers', 'explanation/inboxes', 'reference/replies'],
  idempotency: ['how-to/handlers'],
  transaction: ['how-to/your-orm', 'packages/postgres', 'packages/sqlite'],
  prisma: ['how-to/your-orm'],
  vercel: ['how-to/serverless', 'providers/vercel', 'how-to/hosts'],
  lambda: ['how-to/lambda', 'how-to/serverless', 'packages/aws-lambda'],
  cloudflare: ['how-to/cloudflare', 'packages/cloudflare'],
  gdpr: ['how-to/privacy'],
  encrypt: ['how-to/privacy'],
  prometheus: [
    'how-to/alerts',
    'packages/otel',
    'packages/prometheus',
    'how-to/operations',
    'how-to/telemetry',
  ],
  'which inbox': ['explanation/inboxes'],
  redis: ['packages/bullmq', 'packages/redis', 'explanation/inboxes'],
  'forward webhooks': ['how-to/forward', 'packages/forward'],
  'send webhooks': ['how-to/send', 'packages/forward'],
  'missed events': ['how-to/missed-events'],
  alerts: ['how-to/alerts'],
  'health check': ['how-to/alerts'],
  upgrade: ['how-to/upgrade'],
  audit: ['how-to/audit'],
  maxPending: ['reference/inboxes', 'explanation/fairness'],
  'tenants behind a proxy twilio': ['how-to/tenants'],
  'replay what died': ['how-to/retries'],
  'twilio proxy': ['how-to/proxy', 'how-to/tenants', 'providers/twilio'],
  'stripe next.js postgres': ['tutorials/stripe-nextjs', 'how-to/serverless', 'how-to/your-orm'],
  hookdeck: ['how-to/gateways', 'explanation/compared', 'providers/hookdeck-gateway'],
  'poison pill': ['explanation/fairness', 'reference/glossary', 'how-to/shutdown'],
  benchmark: ['proof', 'explanation/compared'],
  'database migrations': ['how-to/upgrade', 'packages/postgres', 'how-to/your-orm'],
  'slow handler timeout': ['how-to/handlers'],
  'custom provider': ['providers/generic', 'packages/providers', 'providers'],
  'environment variables': ['how-to/secrets', 'packages/cli'],
  'deploy vercel': ['how-to/serverless', 'how-to/hosts'],
  'idempotency key': ['how-to/handlers'],
  'duplicate events': ['how-to/handlers'],
  'timestamp too old': ['errors/timestamp_too_old'],
  'redis queue': ['packages/bullmq'],
  'delete old events': ['how-to/operations', 'how-to/privacy', 'reference/inboxes'],
  'localhost tunnel': ['how-to/laptop'],
  'rate limit concurrency': ['how-to/tenants', 'how-to/handlers'],
  'metrics alert': ['how-to/alerts', 'packages/otel'],
  logging: ['how-to/logs', 'how-to/telemetry'],
}

/** Asks the search of the built site, as its dialog does: the questions whose page is not among the first three. */
export async function askAll(page: Page): Promise<readonly string[]> {
  const asked = { questions: Object.keys(QUESTIONS), ranking }
  const found = await page.evaluate(async ({ questions, ranking: by }) => {
    // Only the built site has this file, so tsc must not resolve it.
    const search = (await import(new URL('/pagefind/pagefind.js', location.origin).href)) as {
      options(given: object): Promise<void>
      search(words: string): Promise<{ results: { data(): Promise<{ url: string }> }[] }>
    }
    await search.options({ ranking: by })
    const all: [string, string[]][] = []
    for (const question of questions) {
      const { results } = await search.search(question)
      const first = await Promise.all(results.slice(0, 3).map((one) => one.data()))
      all.push([question, first.map(({ url }) => new URL(url, location.origin).pathname)])
    }
    return all
  }, asked)
  return found.flatMap(([question, first]) =>
    QUESTIONS[question]!.some((slug) => first.includes(`/${slug}/`))
      ? []
      : [`${question} → ${first.join(' ') || 'nothing'}`],
  )
}
