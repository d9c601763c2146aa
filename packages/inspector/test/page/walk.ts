import { expect } from 'vitest'
import type { Page } from 'playwright-core'

export interface Walked {
  send(topic: string, options: { readonly id: string }): Promise<void>
  /** Makes the handler of `mail` fail from now on, or succeed again. */
  fail(isBroken: boolean): void | Promise<void>
  /** Returns a text for each completed task: its subscription and the event's id. */
  ran(): readonly string[] | Promise<readonly string[]>
}

/**
 * Uses the page as a person does: watches the list, filters it, opens a delivery, and runs a dead task again. Rejects
 * if a step fails.
 */
export async function walk(page: Page, app: Walked): Promise<void> {
  const rows = page.locator('[data-id]')
  await page.getByRole('link', { name: 'Deliveries' }).click()
  await page.getByText('No deliveries yet.').waitFor()

  await app.fail(true)
  await app.send('invoice.paid', { id: 'evt_broken' })
  await rows.first().getByText('mail').waitFor()
  await page.getByText('mail, dead').or(rows.getByText('✕')).first().waitFor()
  await app.fail(false)
  await app.send('charge.refunded', { id: 'evt_well' })
  await expect.poll(() => rows.count()).toBe(2)

  await page.getByRole('link', { name: 'dead' }).click()
  await expect.poll(() => rows.count()).toBe(1)
  expect(page.url()).toContain('q=state:dead')

  await rows.first().getByRole('link').click()
  const detail = page.getByRole('region', { name: 'Delivery' })
  await detail.getByRole('heading', { name: 'invoice.paid' }).waitFor()
  await detail.getByText('SMTP 421 too many connections').first().waitFor()
  await detail.getByRole('button', { name: 'Run again' }).click()
  await detail.getByRole('button', { name: 'Run 1 task' }).click()
  await detail.getByText('2 done').waitFor()
  expect(await app.ran()).toContain('mail evt_broken')
}
