import { Controller, Get, Injectable, Module } from '@nestjs/common'
import type { AttemptInfo, Task, WebhookEvent } from '@postern/core'
import { OnDead, OnWebhook, PosternModule } from '@postern/nestjs'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import { Invoices } from './invoices.ts'

@Injectable()
class Billing {
  constructor(private readonly invoices: Invoices) {}

  @OnWebhook('stripe', 'invoice.paid', { name: 'book' })
  async paid(event: WebhookEvent, task: Task) {
    const { data } = event.payload as { data: { object: { id: string; amount_paid: number } } }
    await this.invoices.book(data.object, task.idempotencyKey)
  }

  @OnDead('stripe')
  gaveUp(attempt: AttemptInfo) {
    console.error(`${attempt.task} gave up`)
  }
}

@Controller()
class Total {
  constructor(private readonly invoices: Invoices) {}

  @Get('total')
  total() {
    return this.invoices.total()
  }
}

@Module({
  imports: [
    PosternModule.forRootAsync({
      useFactory: () => ({
        inbox: sqliteInbox({ path: process.env.WEBHOOKS_DB ?? 'webhooks.db' }),
      }),
    }),
    PosternModule.receiver('stripe', '/webhooks/stripe', {
      useFactory: () => ({ provider: stripe({ secret: process.env.STRIPE_WEBHOOK_SECRET! }) }),
    }),
  ],
  controllers: [Total],
  providers: [Billing, Invoices],
})
export class AppModule {}
