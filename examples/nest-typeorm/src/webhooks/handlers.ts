import { Injectable } from '@nestjs/common'
import { InjectDataSource } from '@nestjs/typeorm'
import type { Task, WebhookEvent } from '@postern/core'
import { OnWebhook } from '@postern/nestjs'
import { typeormSql } from '@postern/postgres/typeorm'
import type { DataSource } from 'typeorm'
import { Payment } from '../payment.ts'

@Injectable()
export class WebhookHandlers {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  @OnWebhook('stripe', 'invoice.paid', { name: 'book' })
  async paid(event: WebhookEvent, task: Task) {
    const { data } = event.payload as { data: { object: { id: string; amount_paid: number } } }
    const { id, amount_paid: cents } = data.object
    // One transaction stores the payment and completes the task, so each invoice is booked once.
    await this.database.transaction(async (manager) => {
      await manager.insert(Payment, { invoice: id, cents })
      await task.commit({ in: typeormSql(manager) })
    })
    console.log(`booked ${id}`)
  }
}
