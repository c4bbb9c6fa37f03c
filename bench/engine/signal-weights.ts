// What a lead did, as one number a signal: the points that are left of one point. Rule engines know neither dates nor decay, so
// the peers and the hand-written loop begin here; its time is part of theirs.
import type { Lead } from '../../src/domain/lead.ts';
import { DAY, NOW } from './leads.ts';

const HALF_LIFE = 30 * DAY;
const WINDOW = 30 * DAY;
const SILENCE = 90 * DAY;

/** Numbers for one lead. The object is used again for the next lead. */
export interface SignalWeights {
  demo: number;
  pricing: number;
  /** Pricing pages of the last 30 days. */
  pricingCount: number;
  security: number;
  cases: number;
  careers: number;
  webinar: number;
  whitepaper: number;
  click: number;
  open: number;
  noOpen: boolean;
}

export function emptyWeights(): SignalWeights {
  return {
    ...{ demo: 0, pricing: 0, pricingCount: 0, security: 0, cases: 0, careers: 0, webinar: 0, whitepaper: 0 },
    ...{ click: 0, open: 0, noOpen: false },
  };
}

/** The activities are in order of time, so that the latest come first from the end. */
export function weighSignals({ fields, activities }: Lead, into: SignalWeights): void {
  let [demo, pricing, pricingCount, security, cases, careers, webinar, whitepaper, click, open] = Array(10).fill(0);
  let [caseCount, whitepaperCount, clickCount, openCount] = [0, 0, 0, 0];
  let [isDelivered, isOpened] = [false, false];
  for (let index = activities.length - 1; index >= 0; index--) {
    const { type, at, attributes } = activities[index]!;
    const age = NOW - at;
    switch (type) {
      case 'page_view': {
        const path = attributes.path as string;
        if (path.startsWith('/pricing')) {
          if (age < WINDOW) pricingCount++;
          if (pricing === 0) pricing = 2 ** (-age / HALF_LIFE);
        } else if (path.startsWith('/security')) {
          if (security === 0) security = 2 ** (-age / HALF_LIFE);
        } else if (path.startsWith('/case-stud')) {
          if (caseCount++ < 2) cases += 2 ** (-age / HALF_LIFE);
        } else if (path.startsWith('/careers') && careers === 0) careers = 2 ** (-age / HALF_LIFE);
        break;
      }
      case 'form_submission':
        if (demo === 0 && attributes.form === 'Demo request') demo = 2 ** (-age / HALF_LIFE);
        break;
      case 'email_open':
        if (age < SILENCE) isOpened = true;
        if (openCount++ < 3) open += 2 ** (-age / HALF_LIFE);
        break;
      case 'email_click':
        if (clickCount++ < 3) click += 2 ** (-age / HALF_LIFE);
        break;
      case 'email_delivered':
        isDelivered = true;
        break;
      case 'webinar':
        if (webinar === 0) webinar = 2 ** (-age / (2 * HALF_LIFE));
        break;
      case 'content_download':
        if (whitepaperCount++ < 2) whitepaper += 2 ** (-age / (2 * HALF_LIFE));
        break;
    }
  }
  into.demo = demo;
  into.pricing = pricing;
  into.pricingCount = pricingCount;
  into.security = security;
  into.cases = cases;
  into.careers = careers;
  into.webinar = webinar;
  into.whitepaper = whitepaper;
  into.click = click;
  into.open = open;
  into.noOpen = isDelivered && !isOpened && NOW - Date.parse(fields['contact.created_at'] as string) >= SILENCE;
}
