import { Controller, Inject, Injectable, Module, Post, Req, type Type } from '@nestjs/common'
import type { WebhookEvent, Task } from '@postern/core'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { OnDead, OnWebhook, PosternModule } from '../src/index.ts'

export const secret = 'whsec_of_at_least_sixteen'

/** Log of handlers and of closed resources. */
export class Ledger {
  readonly lines: string[] = []
}

/** Applies a method decorator as TypeScript's legacy syntax does. */
export function decorate(
  type: Type,
  method: string,
  ...decorators: readonly MethodDecorator[]
): void {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method)!
  for (const each of decorators) each(type.prototype as object, method, descriptor)
}

class Billing {
  readonly #ledger: Ledger
  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }
  paid(event: WebhookEvent, task: Task): void {
    this.#ledger.lines.push(`paid ${event.id} at attempt ${task.attempt}`)
  }
  broken(): void {
    throw new Error('no such invoice')
  }
  gaveUp(attempt: { readonly subscription: string }): void {
    this.#ledger.lines.push(`dead ${attempt.subscription}`)
  }
  onApplicationShutdown(): void {
    this.#ledger.lines.push('app')
  }
}
Injectable()(Billing)
Inject(Ledger)(Billing, undefined, 0)
decorate(Billing, 'paid', OnWebhook('stripe', 'invoice.paid'))
decorate(
  Billing,
  'broken',
  OnWebhook('stripe', 'invoice.payment_failed', { name: 'broken', retry: { attempts: 1 } }),
)
decorate(Billing, 'gaveUp', OnDead('stripe'))

class Orders {
  create(request: { readonly body: unknown }): unknown {
    return request.body
  }
}
Controller('orders')(Orders)
Req()(Orders.prototype, 'create', 0)
decorate(Orders, 'create', Post())

/** Returns an app with two receivers and a route that needs parsed JSON. */
export function appModule(inbox: Inbox = memoryInbox()): Type {
  class AppModule {}
  Module({
    imports: [
      PosternModule.forRootAsync({ useFactory: () => ({ inbox, log: false as const }) }),
      PosternModule.receiver('stripe', '/webhooks/stripe', {
        useFactory: async () => ({ provider: stripe({ secret }) }),
      }),
      PosternModule.receiver('github', '/webhooks/github', {
        useFactory: () => ({ provider: github({ secret }), onUnhandled: 'acknowledge' as const }),
      }),
    ],
    controllers: [Orders],
    providers: [Ledger, Billing],
  })(AppModule)
  return AppModule
}
