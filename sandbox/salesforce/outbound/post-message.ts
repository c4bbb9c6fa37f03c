// One POST of an outbound message, as Salesforce makes it: no redirect is followed, and the whole answer must come in time.
import type { OutboundSettings } from './outbound-settings.ts';
import type { Answer } from './soap-message.ts';

/** @returns null: no whole answer in time, for whatever reason */
export async function postMessage(
  document: string,
  { targetUrl, timeoutMs }: Pick<OutboundSettings, 'targetUrl' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<Answer | null> {
  try {
    const response = await fetch(targetUrl, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' },
      body: document,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const contentType = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType, body: await response.text() };
  } catch {
    return null;
  }
}
