import { Injectable } from '@nestjs/common'
import type { WebhookEvent } from '@postern/core'
import { OnWebhook } from '@postern/nestjs'

/** What happens with events. Its constructor gets what you inject. */
@Injectable()
export class WebhookHandlers {
  @OnWebhook('github', 'push', { name: 'first' })
  async first(event: WebhookEvent) {
    console.log(event.topic, event.id)
  }
}
