import { appendFile, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Injectable, type OnApplicationShutdown } from '@nestjs/common'

/** The app's own service. It writes bookings to a file, and each booking takes time. */
@Injectable()
export class Invoices implements OnApplicationShutdown {
  readonly #file = process.env.BOOK ?? 'book.txt'

  /** Books an invoice once per key. */
  async book(invoice: { readonly id: string; readonly amount_paid: number }, key: string) {
    console.log(`booking ${invoice.id}`)
    await wait(Number(process.env.BOOKING_MS ?? 0))
    if ((await this.#lines()).some((line) => line.startsWith(`${key} `))) return
    await appendFile(this.#file, `${key} ${invoice.amount_paid}\n`)
    console.log(`booked ${invoice.id}`)
  }

  async total() {
    const amounts = (await this.#lines()).map((line) => Number(line.split(' ')[1]))
    return { invoices: amounts.length, amount: amounts.reduce((sum, amount) => sum + amount, 0) }
  }

  /** Nest calls this method last, after the server, the receivers and the inbox have closed. */
  onApplicationShutdown() {
    console.log('the app closed')
  }

  async #lines() {
    const text = await readFile(this.#file, 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }
}
