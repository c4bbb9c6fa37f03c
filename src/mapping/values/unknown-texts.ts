// Texts that people and programs write for "no value": N/A, None, [not provided], k. A. A cell or
// property with such a text is unknown, as an empty one is. A mapping changes the list with
// `unknown` (more texts) and `known` (texts of the list that are values).
import { z } from 'zod';

export interface UnknownSettings {
  readonly unknown?: readonly string[] | undefined;
  readonly known?: readonly string[] | undefined;
}

/** The two keys, the same in every mapping file. */
export const unknownShape = {
  unknown: z
    .array(z.string())
    .optional()
    .describe(
      'Further texts that mean unknown: [Select, to be asked]. Known ones, such as N/A and None, are built in.',
    ),
  known: z
    .array(z.string())
    .optional()
    .describe('Texts that are values here, although they usually mean unknown: [None].'),
};

// One entry per text, in lower case; `;` separates them.
const USUAL = `
n/a; n.a.; n.a; n. a.; n / a; na; n/k; n/s; n/d; n.d.; n.d; n. d.; n/r; n.r.; n/v; s/d; s.d.; n.c.; k.a.; k.a; k. a.; k/a; nvt; n.v.t.
null; nil; none; nan; undefined; unknown; unspecified; undisclosed; missing; blank; empty; tbd; t.b.d.; tba; to be determined
not available; not applicable; not provided; not specified; not set; not known; not given; not entered; not disclosed; not defined
no value; no data; no answer; no information; no selection; none selected; nothing selected; not selected; \\n; []; {}; redacted; loading...; prefer not to say; select; please select; select one; select an option; please choose
keine angabe; keine angaben; ohne angabe; unbekannt; nicht bekannt; nicht angegeben; nicht verfügbar; nicht zutreffend; nicht vorhanden
entfällt; keine; kein; leer; keine auswahl; bitte auswählen; bitte wählen; nicht ausgefüllt
inconnu; inconnue; non renseigné; non renseignée; non communiqué; non disponible; non applicable; non précisé; non spécifié; non défini
sans objet; aucun; aucune; vide; indéfini; non fourni; non indiqué; à définir
desconocido; desconocida; no disponible; no aplica; no aplicable; no especificado; no indicado; no proporcionado; no definido; no informado
sin datos; sin dato; sin especificar; sin definir; sin información; ninguno; ninguna; nulo; vacío
sconosciuto; sconosciuta; non disponibile; non applicabile; non specificato; non indicato; non fornito; nessuno; nessuna; nessun dato; vuoto
onbekend; niet bekend; niet beschikbaar; niet van toepassing; niet opgegeven; niet ingevuld; geen; geen opgave; leeg
desconhecido; desconhecida; não disponível; não aplicável; não se aplica; não informado; não especificado; não definido; sem informação
sem dados; nenhum; nenhuma; vazio
okänd; okänt; ej angivet; ej angiven; ej tillämpligt; saknas; uppgift saknas; ingen; inget
ukendt; ikke angivet; ikke oplyst; ikke tilgængelig; ukjent; ikke oppgitt; tuntematon; ei tiedossa; ei saatavilla
nieznany; nieznana; nieznane; brak; brak danych; nie dotyczy; nie podano; neznámý; neznámé; neuvedeno; žádný; není k dispozici
неизвестно; нет данных; не указано; 不明; なし; 未設定; 未知; 无; 無
`;
const USUAL_TEXTS: ReadonlySet<string> = new Set(USUAL.split(/[;\n]/).flatMap((text) => text.trim() || []));
const MAX_LENGTH = 40;

// Excel's errors, as every language writes them: #N/A, #NV, #REF!, #¡VALOR!, #NOM?, #####.
const SPREADSHEET_ERROR = /^#(?:n\/?[adv]|[^\s#]{1,14}[!?]|#+)$/;
// Around a text: --None--, [not provided], <null>, "(blank)".
const DECORATED = /^[-–—[({<"'*\s]+|[-–—\])}>"'*\s]+$/g;
const FIRST_DECORATION = new Set('-–—[({<"\'*_.?…/#');
// A path "/" is a value.
const NO_LETTER_OR_DIGIT = /^(?!\/+$)[-–—_.?…*/\s]+$/;

/** `listed`: by the mapping itself; `usual`: by the list of this file; null: a value. */
export type UnknownCause = 'listed' | 'usual' | null;

/** Tells why a text that is not blank means unknown. */
export type UnknownTexts = (text: string) => UnknownCause;

/**
 * @param settings the mapping's lists; its `unknown` takes precedence
 * @param values texts that the mapping names elsewhere, in a table or a condition: they are values
 */
export function unknownTexts(
  { unknown = [], known = [] }: UnknownSettings,
  values: Iterable<string> = [],
): UnknownTexts {
  const listed = new Set(unknown.map(plain));
  const kept = new Set([...known, ...values].map(plain));
  return (text) => {
    if (text.length > MAX_LENGTH && listed.size === 0) return null;
    const key = plain(text);
    if (listed.has(key)) return 'listed';
    return isUsual(key) && !kept.has(key) ? 'usual' : null;
  };
}

/** In a column of countries, NA is Namibia. */
export function valuesOfKind(kind: string | undefined): readonly string[] {
  return kind === 'country' ? ['NA'] : [];
}

function isUsual(key: string): boolean {
  if (key.length > MAX_LENGTH) return false;
  if (USUAL_TEXTS.has(key)) return true;
  if (!FIRST_DECORATION.has(key.charAt(0))) return false;
  if (NO_LETTER_OR_DIGIT.test(key) || SPREADSHEET_ERROR.test(key)) return true;
  return USUAL_TEXTS.has(key.replace(DECORATED, ''));
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
