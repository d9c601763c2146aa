// The Worker verifies. Its Durable Object stores events and runs the handlers.
import {
  durableObject,
  worker,
  type ObjectNamespace,
  type ObjectState,
  type Receivers,
} from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'

interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly GITHUB_WEBHOOK_SECRET: string
}

const receivers: Receivers<Env> = (env, inbox) => {
  const receiver = createReceiver({
    provider: github({ secret: env.GITHUB_WEBHOOK_SECRET }),
    inbox,
  })
  receiver.on('issues.opened', { name: 'count' }, (event, task) => {
    const { repository } = event.payload as { readonly repository: { readonly full_name: string } }
    // One transaction stores the result and completes the task.
    task.commit((sql) =>
      sql.exec(
        'INSERT INTO opened VALUES (?, 1) ON CONFLICT DO UPDATE SET issues = issues + 1',
        repository.full_name,
      ),
    )
  })
  return { '/webhooks/github': receiver }
}

export class Webhooks extends durableObject(receivers) {
  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS opened (repository TEXT PRIMARY KEY, issues INTEGER)',
    )
  }
}

export default worker(receivers, 'WEBHOOKS')
