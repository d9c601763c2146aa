import { Injectable } from '@nestjs/common'
import type { WebhookEvent } from '@postern/core'
import { OnWebhook } from '@postern/nestjs'

/** Handles the events. Nest injects services into the constructor. */
@Injectable()
export class WebhookHandlers {
  @OnWebhook('github', 'push', { name: 'first' })
  async first(event: WebhookEvent) {
    console.log(event.topic, event.id)
  }
}
