/** Next calls it once, before the first request. */
export async function register(): Promise<void> {
  // Next compiles this file for its edge runtime too. It leaves signals to the app only if it is told so.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs' || !process.env['NEXT_MANUAL_SIG_HANDLE']) return
  const { closeOnSignal } = await import('@postern/node')
  const { inbox, receiver } = await import('./webhooks/receiver')
  closeOnSignal({ receivers: [receiver], inboxes: [inbox] })
}
