// The standard company and deal properties, with HubSpot's names, types and industry codes.
// pipelines.ts has the deal properties that depend on the pipelines.
import { LIFECYCLE_STAGES } from './contact-properties.ts';
import { type PropertyDefinition, standardProperties } from './property-definition.ts';

const info = standardProperties('companyinformation');
const deal = standardProperties('dealinformation');
const READ_ONLY = { readOnly: true };

// A part of HubSpot's list of about 150 codes.
const INDUSTRIES = `ACCOUNTING AIRLINES_AVIATION APPAREL_FASHION ARCHITECTURE_PLANNING AUTOMOTIVE AVIATION_AEROSPACE
  BANKING BIOTECHNOLOGY BROADCAST_MEDIA BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS
  CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY COMPUTER_GAMES COMPUTER_HARDWARE COMPUTER_NETWORKING
  COMPUTER_SOFTWARE INTERNET CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES COSMETICS DEFENSE_SPACE
  DESIGN E_LEARNING EDUCATION_MANAGEMENT ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT ENVIRONMENTAL_SERVICES
  EVENTS_SERVICES FACILITIES_SERVICES FARMING FINANCIAL_SERVICES FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE
  GOVERNMENT_ADMINISTRATION GRAPHIC_DESIGN HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY
  HUMAN_RESOURCES INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE
  INVESTMENT_BANKING LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM LOGISTICS_AND_SUPPLY_CHAIN LUXURY_GOODS_JEWELRY
  MACHINERY MANAGEMENT_CONSULTING MARKET_RESEARCH MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING
  MEDIA_PRODUCTION MEDICAL_DEVICES MEDICAL_PRACTICE MINING_METALS NANOTECHNOLOGY NEWSPAPERS
  NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA OUTSOURCING_OFFSHORING PACKAGE_FREIGHT_DELIVERY
  PACKAGING_AND_CONTAINERS PHARMACEUTICALS PLASTICS PRINTING PROFESSIONAL_TRAINING_COACHING PUBLISHING REAL_ESTATE
  RENEWABLES_ENVIRONMENT RESEARCH RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SPORTS
  STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES TRANSPORTATION_TRUCKING_RAILROAD UTILITIES
  VENTURE_CAPITAL_PRIVATE_EQUITY WAREHOUSING WHOLESALE WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING`.split(/\s+/);

export const COMPANY_PROPERTIES: readonly PropertyDefinition[] = [
  info('name', 'Company name'),
  info('domain', 'Company Domain Name'),
  info('website', 'Website URL'),
  info('industry', 'Industry', 'enumeration', { options: INDUSTRIES }),
  info('numberofemployees', 'Number of Employees', 'number'),
  info('annualrevenue', 'Annual Revenue', 'number'),
  info('total_money_raised', 'Total Money Raised'),
  info('founded_year', 'Year Founded'),
  info('country', 'Country/Region'),
  info('city', 'City'),
  info('state', 'State/Region'),
  info('phone', 'Phone Number'),
  info('web_technologies', 'Web Technologies', 'enumeration', {
    options: {
      salesforce: 'Salesforce',
      hubspot: 'HubSpot',
      google_analytics: 'Google Analytics',
      shopify: 'Shopify',
      segment: 'Segment',
      marketo: 'Marketo',
      wordpress: 'WordPress',
      amazon__cloudfront: 'Amazon CloudFront',
      stripe: 'Stripe',
      zendesk: 'Zendesk',
      intercom: 'Intercom',
    },
  }),
  info('lifecyclestage', 'Lifecycle Stage', 'enumeration', { options: LIFECYCLE_STAGES }),
  info('hubspot_owner_id', 'Company owner', 'enumeration'),
  info('num_associated_contacts', 'Number of Associated Contacts', 'number', READ_ONLY),
  info('createdate', 'Create Date', 'datetime', READ_ONLY),
  info('hs_lastmodifieddate', 'Last Modified Date', 'datetime', READ_ONLY),
  info('hs_object_id', 'Record ID', 'number', READ_ONLY),
].map((property) => (property.name === 'web_technologies' ? { ...property, fieldType: 'checkbox' } : property));

export const DEAL_PROPERTIES: readonly PropertyDefinition[] = [
  deal('dealname', 'Deal Name'),
  deal('amount', 'Amount', 'number'),
  deal('deal_currency_code', 'Currency', 'enumeration', { options: ['USD', 'EUR'] }),
  deal('closedate', 'Close Date', 'datetime'),
  deal('hs_is_closed', 'Is Deal Closed?', 'bool', READ_ONLY),
  deal('hs_is_closed_won', 'Is Closed Won', 'bool', READ_ONLY),
  deal('createdate', 'Create Date', 'datetime', READ_ONLY),
  deal('hs_lastmodifieddate', 'Last Modified Date', 'datetime', READ_ONLY),
  deal('hs_object_id', 'Record ID', 'number', READ_ONLY),
];
