// The shared inboxes of the shipped mappings/people.yaml, and the forms of their addresses.
import { describe, expect, test } from 'vitest';
import { loadPeople } from '../../cli/product/files/load-people.ts';
import { inboxKey, inboxKeys } from '../../src/people/shared-inbox.ts';

const { match } = await loadPeople();
const shared = inboxKeys(match.shared_inboxes);
const isShared = (address: string) => shared.has(inboxKey(address));

describe('the shipped list', () => {
  test.each([
    ['English', ['info', 'sales', 'enquiries', 'customer.service', 'no-reply']],
    ['German', ['kontakt', 'vertrieb', 'buchhaltung', 'einkauf', 'bewerbung', 'zentrale']],
    ['French', ['accueil', 'commercial', 'comptabilite', 'achats', 'service-client', 'ne-pas-repondre']],
    ['Spanish', ['contacto', 'ventas', 'compras', 'atencion.cliente', 'rrhh', 'recepcion']],
    ['Italian', ['contatti', 'vendite', 'ufficio', 'segreteria', 'amministrazione', 'acquisti']],
    ['Dutch', ['verkoop', 'inkoop', 'klantenservice', 'administratie', 'receptie']],
    ['Portuguese', ['contato', 'vendas', 'financeiro', 'atendimento', 'geral']],
    ['Swedish', ['kontakt', 'ekonomi', 'faktura', 'kundtjanst', 'vaxel']],
    ['Danish', ['salg', 'bogholderi', 'kundeservice', 'kontoret']],
    ['Norwegian', ['regnskap', 'kundesenter', 'firmapost', 'postmottak']],
    ['Finnish', ['myynti', 'asiakaspalvelu', 'toimisto', 'laskutus']],
    ['Polish', ['biuro', 'sprzedaz', 'ksiegowosc', 'zamowienia', 'sekretariat']],
  ])('has the inboxes of %s', (_language, inboxes) => {
    expect(inboxes.filter((local) => !isShared(`${local}@acme.example`))).toEqual([]);
  });

  test('has no name of a person', () => {
    const people = ['anna', 'anna.berg', 'a.berg', 'p.r', 'h.r', 'joe', 'jo', 'max', 'sven', 'salome', 'informa.tik'];
    expect(people.filter((local) => isShared(`${local}@acme.example`))).toEqual([]);
  });
});

test('letter case, a tag, digits at the end and separators between words do not matter', () => {
  for (const local of ['INFO', 'info+fair', 'info2', 'in-fo']) expect(inboxKey(`${local}@acme.example`)).toBe('info');
  expect([...inboxKeys([' No-Reply '])]).toEqual(['noreply']);
});
